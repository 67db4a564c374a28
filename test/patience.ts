import { vi } from 'vitest'

/**
 * vi.waitFor gives up after 1 s by default, which a busy machine exceeds. It returns as soon as its condition holds, so a
 * longer limit costs a passing test nothing.
 */
const PATIENCE_MS = 60_000
const { waitFor } = vi
vi.waitFor = (work, options) =>
  waitFor(work, { timeout: PATIENCE_MS, ...(typeof options === 'number' ? { timeout: options } : options) })
