import { configOfProcess, PinoLog, runProcess, say } from '@tollgate/service-kit';
import { startAllInOne } from './all-in-one.js';
import { welcome } from './welcome.js';

await runProcess(new PinoLog('info', 'tollgate'), async () => {
  const config = configOfProcess();
  const platform = await startAllInOne(config, new PinoLog(config.LOG_LEVEL, 'tollgate'), (reason) => {
    say(`The embedded database has ended: ${reason}. Start again: nothing that was answered is lost.`);
    process.exit(1);
  });
  say(welcome(platform.url, config));
  return platform;
});
