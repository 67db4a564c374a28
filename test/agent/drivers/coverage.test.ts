import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** All names in the folder and its subfolders, up to the first dot. */
const names = readdirSync(path('../../fixtures'), { recursive: true, encoding: 'utf8' }).map((file) =>
  (file.split('/').at(-1) ?? '').replace(/\..*/, ''),
)

/** A fixture belongs to the driver with the longest name that begins the fixture's name. */
const driverOf = (name: string): string | undefined =>
  DRIVERS.map((d) => d.name)
    .filter((driver) => name === driver || name.startsWith(`${driver}-`))
    .sort((a, b) => b.length - a.length)[0]

const covered = new Set(names.map(driverOf))

/** Drivers without a recorded machine, and what tests them instead. */
const OTHERWISE: Readonly<Record<string, string>> = {
  host: 'the machine that the test runs on',
  'modbus-meter': 'a server of registers: ../modbus-server.ts',
  'llm-server': 'one page for each server family: ../../fixtures/llm',
}

test.each(DRIVERS.map((d) => d.name))('%s has a recorded machine that its tests read', (driver) => {
  if (!(driver in OTHERWISE)) expect(covered).toContain(driver)
  const tests = [`./${driver}.test.ts`, `./${driver}/${driver}.test.ts`]
  expect(
    tests.some((test) => existsSync(path(test))),
    `test/agent/drivers/${driver}.test.ts is missing`,
  ).toBe(true)
})

test('what stands for a machine is needed', () => {
  const known = DRIVERS.map((d) => d.name)
  for (const driver of Object.keys(OTHERWISE)) {
    expect(known).toContain(driver)
    expect(covered, `${driver} is recorded now`).not.toContain(driver)
  }
})
