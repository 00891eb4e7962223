import type { Config } from '@tollgate/service-kit';

/** What a person reads when the platform is up: where it is, and what to do next. */
export function welcome(url: string, config: Config): string {
  return [
    '',
    `  Tollgate is ready at ${config.PUBLIC_URL ?? url}`,
    '',
    '  Open it in a browser to sign up and make a key. Or, in a second terminal:',
    '    npm run seed     a user, a workspace, two deployed workflows and two keys, with a curl to paste',
    '    npm run tail     events as they happen',
    '',
    `  API reference: ${url}/docs     health: ${url}/health/ready`,
    `  Data is kept in ${config.DATABASE_URL === undefined ? config.DATA_DIR : 'the database of DATABASE_URL'}. Ctrl-C ends everything.`,
    '',
  ].join('\n');
}
