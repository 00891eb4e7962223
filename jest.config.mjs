import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8'));
delete swc.$schema;

/** One configuration for every project: sources are compiled by the same settings as the build. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/tools'],
  testMatch: ['**/*.spec.ts'],
  // These need more than Node: a Java runtime for the broker, a Redis, the whole fleet, a browser,
  // Python with its SDKs.
  testPathIgnorePatterns: ['\\.(kafka|redis|fleet|browser|pictures|clients)\\.spec\\.ts$'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false }] },
  testEnvironmentOptions: { customExportConditions: ['@tollgate/source', 'node', 'node-addons'] },
  reporters: ['default', '<rootDir>/tools/jest-closing-line.mjs'],
  globalSetup: '<rootDir>/tools/jest-database.mjs',
  globalTeardown: '<rootDir>/tools/jest-database-stop.mjs',
  testTimeout: 30_000,
  // Jest leaves a core to others unless it is told; on two cores that is half of them, and most tests wait for a server.
  maxWorkers: '100%',
};
