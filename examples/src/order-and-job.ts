import { enqueueIn } from '@baton/client/transaction';
import { Column, type DataSource, Entity, PrimaryColumn } from 'typeorm';

@Entity('orders')
export class Order {
  @PrimaryColumn('integer') id!: number;
  @Column('integer') total!: number;
}

/** Keeps an order, and has its invoice sent: both or neither, and without a service that would have to be up. */
export function placeOrder(database: DataSource, order: Order, tenant: string): Promise<string> {
  return database.transaction(async (tx) => {
    await tx.insert(Order, order);
    const jobId = await enqueueIn(
      tx,
      'send-invoice',
      { order: order.id },
      { tenant, orderingKey: `order-${order.id}` },
    );
    if (order.total < 0) throw new RangeError(`an order of ${order.total} is none`);
    return jobId;
  });
}
