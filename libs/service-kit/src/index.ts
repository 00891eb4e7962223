export { startEmbeddedDatabase, type DatabaseLog, type EmbeddedDatabase } from './embedded-database.js';
export { makeDataFolder } from './embedded-database-home.js';
