import { writeFileSync } from 'node:fs'
import { test } from 'vitest'
import { DISTURBANCES, lostWithout, read } from '../disturbed.ts'
import { inventedMachines } from '../recorded-machines.ts'

test('x', async () => {
  const out: string[] = []
  await Promise.all(
    inventedMachines().map(async (m) => {
      const { figures, asked } = await read(m)
      for (const how of DISTURBANCES)
        await Promise.all(
          [...new Set(asked)].map(async (a) => {
            const lost = await lostWithout(m, figures, a, how)
            out.push(`${m.driver.name} | ${m.name} | ${a} | ${how} | ${lost.join(' ')}`)
          }),
        )
    }),
  )
  writeFileSync('/tmp/w/i11w-lost.txt', out.sort().join('\n'))
}, 200000)
