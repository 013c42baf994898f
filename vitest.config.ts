import { defineConfig } from 'vitest/config'

/** `unit`: no I/O, milliseconds. `integration`: needs the native stack. `process`: whole processes on the stack. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{schemas,packages,services,clients,infra,bench,tests,examples}/**/*.test.ts'],
          exclude: ['tests/{e2e,browser}/**', 'tests/faults/*.test.ts', '**/node_modules/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{schemas,packages,services,clients,infra}/**/*.itest.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'process',
          include: ['tests/{e2e,browser}/**/*.test.ts', 'tests/faults/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
