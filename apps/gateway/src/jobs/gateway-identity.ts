import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { newId } from '@tollgate/api-key';
import { Config, makeDataFolder } from '@tollgate/service-kit';

const FILE = 'gateway-id';

/**
 * A name for this gateway that a restart keeps, since it belongs to the data folder, of which one process at a time is the
 * owner (the spool sees to that). So a process that starts knows what a killed one before it had.
 */
@Injectable()
export class GatewayIdentity {
  readonly id: string;

  constructor(config: Config) {
    const path = join(config.DATA_DIR, FILE);
    makeDataFolder(config.DATA_DIR);
    let id = readOrEmpty(path);
    if (id === '') {
      id = newId();
      writeFileSync(path, id, { mode: 0o600 });
    }
    this.id = id;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
