CREATE TABLE `apps` (
	`app_id` text PRIMARY KEY NOT NULL,
	`merchant_no` text NOT NULL,
	`name` text NOT NULL,
	`state` text NOT NULL,
	`secret_sealed` text NOT NULL,
	`late_policy` text DEFAULT 'accept' NOT NULL,
	`notifies_every_end` integer DEFAULT false NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `apps_by_merchant` ON `apps` (`merchant_no`);--> statement-breakpoint
CREATE TABLE `attempts` (
	`attempt_id` text PRIMARY KEY NOT NULL,
	`payment_id` text NOT NULL,
	`number` integer NOT NULL,
	`channel` text NOT NULL,
	`account_id` text NOT NULL,
	`config_version` integer NOT NULL,
	`payee` text NOT NULL,
	`way` text NOT NULL,
	`dispatched_at_ms` integer NOT NULL,
	`sends` integer NOT NULL,
	`dispatch_lease_until_ms` integer,
	`outcome` text,
	`presentation_kind` text,
	`presentation_data` text,
	`error_code` text,
	`error_message` text,
	`answered_at_ms` integer
);
--> statement-breakpoint
CREATE INDEX `attempts_by_payment` ON `attempts` (`payment_id`);--> statement-breakpoint
CREATE INDEX `attempts_by_config` ON `attempts` (`account_id`,`config_version`);--> statement-breakpoint
CREATE TABLE `channel_accounts` (
	`account_id` text PRIMARY KEY NOT NULL,
	`channel` text NOT NULL,
	`owner_kind` text NOT NULL,
	`owner_no` text NOT NULL,
	`state` text NOT NULL,
	`current_version` integer NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `channel_accounts_by_owner` ON `channel_accounts` (`owner_no`);--> statement-breakpoint
CREATE TABLE `channel_configs` (
	`account_id` text NOT NULL,
	`version` integer NOT NULL,
	`settings_sealed` text NOT NULL,
	`payee` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`drained_at_ms` integer,
	PRIMARY KEY(`account_id`, `version`)
);
--> statement-breakpoint
CREATE TABLE `deliveries` (
	`notification_id` text NOT NULL,
	`number` integer NOT NULL,
	`started_at_ms` integer NOT NULL,
	`ended_at_ms` integer,
	`status` integer,
	`answer` text,
	`problem` text,
	PRIMARY KEY(`notification_id`, `number`)
);
--> statement-breakpoint
CREATE TABLE `events` (
	`event_id` text PRIMARY KEY NOT NULL,
	`subject_kind` text NOT NULL,
	`subject_id` text NOT NULL,
	`version` integer NOT NULL,
	`kind` text NOT NULL,
	`source` text NOT NULL,
	`evidence` text NOT NULL,
	`at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `events_by_subject_version` ON `events` (`subject_id`,`version`);--> statement-breakpoint
CREATE INDEX `events_by_time` ON `events` (`at_ms`);--> statement-breakpoint
CREATE TABLE `idempotency` (
	`merchant_no` text NOT NULL,
	`scope` text NOT NULL,
	`key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`subject_id` text NOT NULL,
	`answer` text,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`merchant_no`, `scope`, `key`)
);
--> statement-breakpoint
CREATE TABLE `inbound_calls` (
	`inbound_call_id` text PRIMARY KEY NOT NULL,
	`channel` text NOT NULL,
	`reference` text NOT NULL,
	`method` text NOT NULL,
	`url` text NOT NULL,
	`headers` text NOT NULL,
	`body` blob NOT NULL,
	`received_at_ms` integer NOT NULL,
	`verdict` text,
	`dedupe_key` text
);
--> statement-breakpoint
CREATE INDEX `inbound_calls_by_reference` ON `inbound_calls` (`reference`,`received_at_ms`);--> statement-breakpoint
CREATE INDEX `inbound_calls_by_time` ON `inbound_calls` (`received_at_ms`);--> statement-breakpoint
CREATE TABLE `merchants` (
	`merchant_no` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`state` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `outbox` (
	`notification_id` text PRIMARY KEY NOT NULL,
	`merchant_no` text NOT NULL,
	`app_id` text NOT NULL,
	`subject_kind` text NOT NULL,
	`subject_id` text NOT NULL,
	`kind` text NOT NULL,
	`url` text NOT NULL,
	`snapshot` text NOT NULL,
	`state` text NOT NULL,
	`tries` integer NOT NULL,
	`next_try_at_ms` integer NOT NULL,
	`try_lease_until_ms` integer,
	`created_at_ms` integer NOT NULL,
	`delivered_at_ms` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `outbox_by_subject_and_kind` ON `outbox` (`subject_id`,`kind`);--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`next_try_at_ms`) WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX `outbox_by_merchant_time` ON `outbox` (`merchant_no`,`created_at_ms`);--> statement-breakpoint
CREATE TABLE `passages` (
	`passage_id` text PRIMARY KEY NOT NULL,
	`app_id` text NOT NULL,
	`way` text NOT NULL,
	`account_id` text NOT NULL,
	`fee_parts_per_million` integer NOT NULL,
	`state` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `passages_by_app_and_way` ON `passages` (`app_id`,`way`);--> statement-breakpoint
CREATE INDEX `passages_by_account` ON `passages` (`account_id`);--> statement-breakpoint
CREATE TABLE `payments` (
	`payment_id` text PRIMARY KEY NOT NULL,
	`merchant_no` text NOT NULL,
	`app_id` text NOT NULL,
	`merchant_payment_no` text NOT NULL,
	`way` text NOT NULL,
	`channel` text NOT NULL,
	`state` text NOT NULL,
	`version` integer NOT NULL,
	`amount_minor` integer NOT NULL,
	`currency` text NOT NULL,
	`currency_as_given` text NOT NULL,
	`subject` text NOT NULL,
	`body` text NOT NULL,
	`client_ip` text NOT NULL,
	`notify_url` text,
	`return_url` text,
	`ext_param` text,
	`split_mode` text NOT NULL,
	`fee_parts_per_million` integer NOT NULL,
	`fee_minor` integer NOT NULL,
	`refund_reserved_minor` integer NOT NULL,
	`refunded_minor` integer NOT NULL,
	`refund_count` integer NOT NULL,
	`attempt_id` text NOT NULL,
	`channel_payment_no` text,
	`payer` text,
	`error_code` text,
	`error_message` text,
	`paid_at_ms` integer,
	`closed_at_ms` integer,
	`late_decision` text,
	`frozen_because` text,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`next_check_at_ms` integer,
	`last_check_at_ms` integer,
	`check_lease_until_ms` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `payments_by_merchant_payment_no` ON `payments` (`merchant_no`,`merchant_payment_no`);--> statement-breakpoint
CREATE INDEX `payments_due` ON `payments` (`next_check_at_ms`) WHERE next_check_at_ms is not null;--> statement-breakpoint
CREATE INDEX `payments_by_merchant_time` ON `payments` (`merchant_no`,`created_at_ms`);--> statement-breakpoint
CREATE INDEX `payments_by_time` ON `payments` (`created_at_ms`);--> statement-breakpoint
CREATE INDEX `payments_by_channel_no` ON `payments` (`channel_payment_no`) WHERE channel_payment_no is not null;--> statement-breakpoint
CREATE INDEX `payments_frozen` ON `payments` (`created_at_ms`) WHERE frozen_because is not null;--> statement-breakpoint
CREATE TABLE `refunds` (
	`refund_id` text PRIMARY KEY NOT NULL,
	`payment_id` text NOT NULL,
	`attempt_id` text NOT NULL,
	`merchant_no` text NOT NULL,
	`app_id` text NOT NULL,
	`merchant_refund_no` text NOT NULL,
	`state` text NOT NULL,
	`version` integer NOT NULL,
	`amount_minor` integer NOT NULL,
	`payment_amount_minor` integer NOT NULL,
	`currency` text NOT NULL,
	`currency_as_given` text NOT NULL,
	`reason` text NOT NULL,
	`client_ip` text NOT NULL,
	`notify_url` text,
	`ext_param` text,
	`way` text NOT NULL,
	`channel` text NOT NULL,
	`account_id` text NOT NULL,
	`config_version` integer NOT NULL,
	`payee` text NOT NULL,
	`channel_payment_no` text NOT NULL,
	`dispatched_at_ms` integer,
	`sends` integer NOT NULL,
	`dispatch_lease_until_ms` integer,
	`channel_refund_no` text,
	`error_code` text,
	`error_message` text,
	`needs_operator` integer NOT NULL,
	`refunded_at_ms` integer,
	`created_at_ms` integer NOT NULL,
	`next_check_at_ms` integer,
	`last_check_at_ms` integer,
	`check_lease_until_ms` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `refunds_by_merchant_refund_no` ON `refunds` (`merchant_no`,`merchant_refund_no`);--> statement-breakpoint
CREATE INDEX `refunds_by_payment` ON `refunds` (`payment_id`);--> statement-breakpoint
CREATE INDEX `refunds_due` ON `refunds` (`next_check_at_ms`) WHERE next_check_at_ms is not null;--> statement-breakpoint
CREATE INDEX `refunds_by_merchant_time` ON `refunds` (`merchant_no`,`created_at_ms`);--> statement-breakpoint
CREATE INDEX `refunds_by_time` ON `refunds` (`created_at_ms`);--> statement-breakpoint
CREATE INDEX `refunds_by_config` ON `refunds` (`account_id`,`config_version`);--> statement-breakpoint
CREATE TABLE `service_providers` (
	`service_provider_no` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`state` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `settings` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
