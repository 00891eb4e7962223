import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { cssVariables, styleNonce, theme } from './look/theme.js';
import { router } from './router.js';
import { queryClient } from './server/query-client.js';
import { SignInDialog } from './session/sign-in-dialog.js';

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => styleNonce}
    >
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" />
        <RouterProvider router={router} />
        <SignInDialog />
      </QueryClientProvider>
    </MantineProvider>
  );
}
