import type { NangoSync } from "nango";

/** Contact is the record that the sync keeps. */
export interface Contact {
  id: string;
  name: string;
  email: string;
}

/** ContactWebhook is the body of the CRM's webhooks: Standard Webhooks says how it is signed, and that it has a type. */
interface ContactWebhook {
  type: "contact.created" | "contact.updated" | "contact.deleted";
  /** Whose contact it is: by this the integration's matching rule finds the connection. */
  workspace: string;
  data: Contact;
}

/** Saves the contact that a webhook tells of, or deletes it. */
export async function onWebhookPayloadReceived(
  nango: NangoSync,
  { type, data }: ContactWebhook,
): Promise<void> {
  await nango.log(`${type}: ${data.id}`);
  if (type === "contact.deleted") {
    await nango.batchDelete([{ id: data.id }], "Contact");
  } else {
    await nango.batchSave([{ id: data.id, name: data.name, email: data.email }], "Contact");
  }
}
