import { createHash } from 'node:crypto';

/** A Lua script and the name that Redis knows it by. */
export interface RedisScript {
  text: string;
  sha: string;
}

export function redisScript(text: string): RedisScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
