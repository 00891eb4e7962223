import { safePath } from './safe-path.js';

describe('where signing in leads to', () => {
  it('is a path of this page', () => {
    expect(safePath('/w/abc/logs?level=error')).toBe('/w/abc/logs?level=error');
  });

  it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '', undefined, 7])(
    'is never elsewhere: %p',
    (to) => expect(safePath(to)).toBe('/'),
  );

  it('is not signing in again', () => {
    expect(safePath('/sign-in?to=/sign-in')).toBe('/');
  });
});
