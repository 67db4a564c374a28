import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

// Loaded into a program whose clock is its own: it then runs on a computer of its own too. Programs that share a kernel's start
// share its clock, so perwatt takes their clocks for one.
const BOOT_ID = '/proc/sys/kernel/random/boot_id'
const { readFileSync } = fs
fs.readFileSync = (path, ...options) =>
  path === BOOT_ID ? process.env.PERWATT_TEST_COMPUTER : readFileSync(path, ...options)
syncBuiltinESMExports()
