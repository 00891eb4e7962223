export * from './admission.js';
export * from './directory.js';
export * from './directory-entries.js';
export * from './fleet.js';
export * from './sessions.js';
export * from './quota.js';
