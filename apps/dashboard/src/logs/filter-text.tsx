import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';

const TYPING_PAUSE_MS = 500;

export interface FilterTextProps {
  label: string;
  /** What it matches, where the label alone does not say. */
  description?: string;
  type?: string;
  value: string | undefined;
  check?: (text: string) => string | null;
  onApply: (text: string | undefined) => void;
}

/** A filter that is typed: it applies after a pause, once it makes sense. */
export function FilterText({ label, description, type, value = '', check, onApply }: FilterTextProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const fault = text === '' ? null : (check?.(text.trim()) ?? null);
  const apply = useDebouncedCallback((next: string) => {
    const trimmed = next.trim();
    if (trimmed === '') onApply(undefined);
    else if (!check?.(trimmed)) onApply(trimmed);
  }, TYPING_PAUSE_MS);
  return (
    <TextInput
      label={label}
      description={description}
      type={type}
      value={text}
      error={fault}
      onChange={(event) => {
        setText(event.currentTarget.value);
        apply(event.currentTarget.value);
      }}
      autoComplete="off"
    />
  );
}
