import { uuidV7 } from '@chat/runtime'
import { systemRandom } from '@chat/runtime/system'
import { createDevice, registerAccount } from '@chat/testkit'
import { expect, test } from 'vitest'
import { startEmbedded } from './embedded-system.ts'
import { testFriends } from './friend-scenarios.ts'

testFriends(async () => {
  const { url, close } = await startEmbedded()
  return { urls: [url], close }
})

test('where only friends may write, strangers are refused and friends are not', async () => {
  const { url, close } = await startEmbedded({ CHAT_DIRECT_POLICY: 'friends' })
  const [ann, bob] = [await registerAccount(url, 'ann'), await registerAccount(url, 'bob')]
  const [hers, his] = [createDevice({ urls: [url], account: ann }), createDevice({ urls: [url], account: bob })]
  try {
    await Promise.all([hers.connect(), his.connect()])
    const send = () =>
      hers.request('send', {
        to: { user: bob.userId },
        clientMsgId: uuidV7(Date.now(), systemRandom),
        body: { kind: 'text', text: 'hi' },
      })
    await expect(send()).rejects.toMatchObject({ frame: { code: 'not_friend' } })
    await hers.request('friend.request', { user: bob.userId })
    await his.request('friend.request', { user: ann.userId })
    expect(await send()).toMatchObject({ seq: 3 })
  } finally {
    await Promise.all([hers.close(), his.close()])
    await close()
  }
})
