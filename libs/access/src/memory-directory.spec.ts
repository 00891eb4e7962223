import { describeDirectory } from './directory.contract.js';
import { digestNamed, story } from './directory-story.contract.js';
import { DirectoryUnavailable } from './directory.js';
import { MemoryDirectory } from './memory-directory.js';

function readyDirectory(): MemoryDirectory {
  const directory = new MemoryDirectory();
  directory.markReady();
  return directory;
}

describeDirectory('the directory in memory', readyDirectory);

describe('the directory in memory', () => {
  it('answers at once, without a promise', async () => {
    const directory = readyDirectory();
    await directory.apply(story());
    expect(directory.read('key', digestNamed('shared'))).toMatchObject({ keyId: 'k2' });
    expect(directory.read('key', digestNamed('shared'))).toBe(directory.read('key', digestNamed('shared')));
  });

  it('answers nothing before it has read the log and after its feed has failed', async () => {
    const directory = new MemoryDirectory();
    await directory.apply(story());
    expect(() => directory.read('user', 'u1')).toThrow(DirectoryUnavailable);
    expect(directory.state()).toEqual({
      ready: false,
      isWritable: true,
      position: 36n,
      reason: 'it has not read the log yet',
    });
    directory.markReady();
    expect(directory.read('user', 'u1')).toBeDefined();
    directory.markUnready('its feed has failed');
    expect(() => directory.read('user', 'u1')).toThrow('its feed has failed');
    expect(directory.state()).toMatchObject({ ready: false, reason: 'its feed has failed' });
  });
});
