import { notifications } from '@mantine/notifications';
import { ask } from '../server/ask.js';
import { isPending, type RevokedAnswer } from './keys.js';

const EVERY_MS = 500;
const TRIES_MAX = 120;

/**
 * For changes that show no receipt of their own: says when one has not reached every gateway yet (a 202, contract A1
 * row 3), and when it has. Never rejects.
 */
export async function followReceipt({ pending = [], receipt }: Partial<RevokedAnswer>): Promise<void> {
  if (pending.length === 0 || !receipt) return;
  const id = notifications.show({
    loading: true,
    autoClose: false,
    title: 'Done, not yet everywhere',
    message: `Not confirmed yet: ${pending.join(', ')}. Their leases run out by themselves.`,
  });
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    const now = await ask<RevokedAnswer>(`/api/keys/receipts/${receipt.position}`).catch(() => undefined);
    if (!now || isPending(now)) continue;
    notifications.update({
      id,
      loading: false,
      color: 'teal',
      title: 'Done everywhere',
      message: 'Every gateway has confirmed or is shut out.',
      autoClose: 6_000,
    });
    return;
  }
  notifications.update({
    id,
    loading: false,
    color: 'orange',
    title: 'Done, not yet everywhere',
    message: 'Some gateway is still silent; it admits on nothing that it cannot confirm.',
    autoClose: 10_000,
  });
}
