import { config } from 'zod';

// Zod would compile its schemas with `new Function` and try that first: the page's policy refuses it, and says so in the console.
config({ jitless: true });
