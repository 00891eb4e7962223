import { useEffect, useState } from 'react';
import type { CreatedKey } from './keys.js';

/**
 * A key as long as it is shown: in this component's state alone, gone with it. Leaving the page by any way, the back
 * button's page cache included, forgets it too.
 */
export function useShownOnce() {
  const [created, setCreated] = useState<CreatedKey>();
  useEffect(() => {
    const forget = () => setCreated(undefined);
    addEventListener('pagehide', forget);
    return () => removeEventListener('pagehide', forget);
  }, []);
  return { created, show: setCreated, forget: () => setCreated(undefined) };
}
