import { expect, it } from 'vitest'
import { table } from '../../../protocol/kit/table.ts'

it('stands numbers to the right, and words, addresses and versions to the left', () => {
  const rows = [
    ['rig-1', '192.0.2.1', 'luxos', '3,250 W', '-', '1.2.7'],
    ['rig-12', '192.0.2.12', 'epic', '-', '12.5 %', '2'],
  ]
  expect(table(['device', 'address', 'family', 'power', 'use', 'version'], rows).split('\n')).toEqual([
    'device  address     family    power     use  version',
    'rig-1   192.0.2.1   luxos   3,250 W       -  1.2.7',
    'rig-12  192.0.2.12  epic          -  12.5 %  2',
  ])
})
