import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './look/page.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { keepFocus } from './look/keep-focus.js';

keepFocus();
createRoot(document.getElementById('root')!).render(<App />);
