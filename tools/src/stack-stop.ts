import { rmSync } from 'node:fs';
import { type OwnProcess, stopProcess } from './own-process.js';
import { livePids, readStack, stackPath } from './stack-file.js';
import { own } from './stack-start.js';

/**
 * Ends a stack in order: gateways first, so that what they have answered reaches the log, then the other services, then
 * the servers. Processes that were started again from `stack.json` are ended too. Resolves with the names of those that
 * still lived; the data stays. Throws when there is no stack in the folder.
 */
export async function stopStack(dir: string): Promise<string[]> {
  const stack = readStack(dir);
  if (!stack) throw new Error(`No stack runs in ${dir}: there is no stack.json. Start one by "npm run stack".`);
  const release = own(dir);
  try {
    const isGateway = ({ name }: OwnProcess) => name.startsWith('gateway-');
    const { processes } = stack;
    const ended = [
      ...(await endAll(processes.filter(isGateway))),
      ...(await endAll(processes.filter((each) => each.kind === 'service' && !isGateway(each)))),
      ...(await endAll(processes.filter(({ kind }) => kind === 'infra'))),
    ];
    rmSync(stackPath(dir), { force: true });
    return ended;
  } finally {
    release();
  }
}

async function endAll(processes: readonly OwnProcess[]): Promise<string[]> {
  const ended = await Promise.all(
    processes.map(async (process) => {
      const pids = livePids(process);
      await Promise.all(pids.map((pid) => stopProcess(process.name, pid)));
      return pids.length > 0 ? [process.name] : [];
    }),
  );
  return ended.flat();
}
