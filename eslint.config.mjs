import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const below = (...layers) => layers.map((layer) => `layer:${layer}`);

export default tseslint.config(
  { ignores: ['**/dist', '**/node_modules', '.nx', 'data', '.stack'] },
  ...tseslint.configs.recommended,
  prettier,
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          // Tests and Jest's set-up import some libraries only when they need them.
          checkDynamicDependenciesExceptions: ['.*'],
          depConstraints: [
            { sourceTag: 'layer:pure', onlyDependOnLibsWithTags: below('pure') },
            { sourceTag: 'layer:port', onlyDependOnLibsWithTags: below('pure', 'port', 'testing') },
            { sourceTag: 'layer:kit', onlyDependOnLibsWithTags: below('pure', 'port', 'testing') },
            { sourceTag: 'layer:testing', onlyDependOnLibsWithTags: below('pure') },
            { sourceTag: 'layer:service', onlyDependOnLibsWithTags: below('pure', 'port', 'kit', 'testing') },
            { sourceTag: 'layer:host', onlyDependOnLibsWithTags: below('pure', 'port', 'kit', 'service', 'testing') },
            { sourceTag: 'layer:page', onlyDependOnLibsWithTags: below('pure', 'testing') },
            { sourceTag: 'layer:tool', onlyDependOnLibsWithTags: below('pure', 'port', 'kit', 'testing') },
          ],
        },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.spec.ts', '**/test/**'],
    rules: { 'no-console': ['error', { allow: ['info'] }] },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    ignores: ['**/config.ts', 'libs/testing/**', '**/*.spec.ts', '**/*.contract.ts', '**/test/**', 'tools/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads the environment.' },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['libs/event-log/**', 'libs/access/**'],
    rules: {
      'no-restricted-imports': ['error', { paths: ['kafkajs', 'ioredis'] }],
    },
  },
);
