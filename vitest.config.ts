import { defineConfig } from 'vitest/config'

/** The SDK by its sources: its package exports what is built. */
const resolve = { conditions: ['chat-source', 'module', 'node', 'development|production'] }
const ssr = { resolve }

/** `unit`: no I/O, milliseconds. `integration`: needs the native stack. `process`: whole processes on the stack. */
export default defineConfig({
  test: {
    projects: [
      {
        ...{ resolve, ssr },
        test: {
          name: 'unit',
          include: ['{schemas,packages,services,clients,infra,bench,tests,examples}/**/*.test.ts'],
          exclude: ['tests/{e2e,browser}/**', 'tests/faults/*.test.ts', '**/node_modules/**'],
          testTimeout: 20_000,
        },
      },
      {
        ...{ resolve, ssr },
        test: {
          name: 'integration',
          include: ['{schemas,packages,services,clients,infra}/**/*.itest.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...{ resolve, ssr },
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
