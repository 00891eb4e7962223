import { configOfProcess } from './config.js';
import { PinoLog } from './log.js';
import { runProcess, say } from './run-process.js';
import type { Service } from './service.js';
import { startService } from './start-service.js';

/**
 * The main of one service as its own process: needs its addresses, and says which are missing. `pageFolder` holds the
 * built dashboard, for the service that people's browsers reach.
 */
export async function startAlone(service: Service, pageFolder?: string): Promise<void> {
  const log = new PinoLog('info', service.name);
  await runProcess(log, async () => {
    const config = configOfProcess(service.required);
    const running = await startService([service], config, new PinoLog(config.LOG_LEVEL, service.name), pageFolder);
    say(`${service.name} is ready at ${running.url}`);
    return running;
  });
}
