import { expect, test } from 'vitest'
import { labelFacts, ownerOf } from '../../../agent/tenancy/owner-facts.ts'
import { OwnerSchema } from '../../../protocol/owner.ts'

test('an owner has only facts that the protocol takes', () => {
  const long = 'x'.repeat(300)
  const owner = ownerOf({
    namespace: ' team-a ',
    pod: '',
    image: undefined,
    container: long,
    ...labelFacts({ 'app.kubernetes.io/name': 'chat', 'cost_center/team-x': '7', [long]: 'y' }, [
      'app.kubernetes.io/name',
      'cost_center/team-x',
      long,
      'absent',
    ]),
  })
  expect(OwnerSchema.parse(owner)).toEqual({
    namespace: 'team-a',
    container: 'x'.repeat(256),
    'label.app.kubernetes.io.name': 'chat',
    'label.cost.center.team.x': '7',
    [`label.${'x'.repeat(58)}`]: 'y',
  })
})
