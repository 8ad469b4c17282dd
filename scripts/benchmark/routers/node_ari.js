// node_ari.js ARI-CLIENT-FOLDER ARI-URL USER PASSWORD CUSTOMERS-URL: sets QUEUE_PRIO, then continues in the tier's extension.
'use strict';

const [folder, url, user, password, customers] = process.argv.slice(2);
const ari = require(folder);
const PRIORITIES = {platinum: '30', gold: '20', standard: '0'};

async function route(event, channel) {
  try {
    const number = encodeURIComponent(channel.caller.number);
    const answer = await fetch(`${customers}/customers/${number}`);
    const tier = (await answer.json()).loyalty;
    await channel.setChannelVar({variable: 'QUEUE_PRIO', value: PRIORITIES[tier]});
    await channel.continueInDialplan({context: 'bench-queue', extension: tier, priority: 1});
  } catch (error) {
    console.error(String(error));
  }
}

async function main() {
  const client = await ari.connect(url, user, password);
  client.on('StasisStart', route);
  client.on('WebSocketConnected', () => console.log('ready'));
  await client.start('bench-node');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
