CREATE TABLE `split_groups` (
	`group_id` integer PRIMARY KEY NOT NULL,
	`merchant_no` text NOT NULL,
	`name` text NOT NULL,
	`is_automatic` integer NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `split_groups_by_merchant` ON `split_groups` (`merchant_no`);--> statement-breakpoint
CREATE TABLE `split_receivers` (
	`receiver_id` integer PRIMARY KEY NOT NULL,
	`group_id` integer NOT NULL,
	`merchant_no` text NOT NULL,
	`app_id` text NOT NULL,
	`channel` text NOT NULL,
	`account_id` text NOT NULL,
	`alias` text NOT NULL,
	`kind` text NOT NULL,
	`account` text NOT NULL,
	`name` text,
	`relation` text NOT NULL,
	`relation_name` text,
	`ext_info` text,
	`share_parts_per_million` integer NOT NULL,
	`state` text NOT NULL,
	`bound_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `split_receivers_by_group` ON `split_receivers` (`group_id`,`state`);--> statement-breakpoint
CREATE INDEX `split_receivers_by_app` ON `split_receivers` (`app_id`,`channel`);--> statement-breakpoint
CREATE UNIQUE INDEX `split_receivers_by_account` ON `split_receivers` (`account_id`,`group_id`,`kind`,`account`);--> statement-breakpoint
CREATE TABLE `split_returns` (
	`split_return_id` text PRIMARY KEY NOT NULL,
	`split_id` text NOT NULL,
	`share_number` integer NOT NULL,
	`payment_id` text NOT NULL,
	`merchant_no` text NOT NULL,
	`app_id` text NOT NULL,
	`merchant_return_no` text NOT NULL,
	`state` text NOT NULL,
	`version` integer NOT NULL,
	`kind` text NOT NULL,
	`account` text NOT NULL,
	`amount_minor` integer NOT NULL,
	`currency` text NOT NULL,
	`description` text NOT NULL,
	`notify_url` text,
	`channel` text NOT NULL,
	`account_id` text NOT NULL,
	`config_version` integer NOT NULL,
	`payee` text NOT NULL,
	`channel_payment_no` text NOT NULL,
	`channel_split_no` text NOT NULL,
	`dispatched_at_ms` integer NOT NULL,
	`sends` integer NOT NULL,
	`dispatch_lease_until_ms` integer,
	`channel_return_no` text,
	`error_code` text,
	`error_message` text,
	`returned_at_ms` integer,
	`created_at_ms` integer NOT NULL,
	`next_check_at_ms` integer,
	`last_check_at_ms` integer,
	`check_lease_until_ms` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `split_returns_by_merchant_return_no` ON `split_returns` (`merchant_no`,`merchant_return_no`);--> statement-breakpoint
CREATE INDEX `split_returns_by_split` ON `split_returns` (`split_id`);--> statement-breakpoint
CREATE INDEX `split_returns_due` ON `split_returns` (`next_check_at_ms`) WHERE next_check_at_ms is not null;--> statement-breakpoint
CREATE TABLE `split_shares` (
	`split_id` text NOT NULL,
	`number` integer NOT NULL,
	`receiver_id` integer NOT NULL,
	`kind` text NOT NULL,
	`account` text NOT NULL,
	`name` text,
	`relation` text NOT NULL,
	`relation_name` text,
	`amount_minor` integer NOT NULL,
	`state` text NOT NULL,
	`channel_share_no` text,
	`error_code` text,
	`error_message` text,
	`return_reserved_minor` integer NOT NULL,
	PRIMARY KEY(`split_id`, `number`)
);
--> statement-breakpoint
CREATE TABLE `splits` (
	`split_id` text PRIMARY KEY NOT NULL,
	`payment_id` text NOT NULL,
	`attempt_id` text NOT NULL,
	`merchant_no` text NOT NULL,
	`app_id` text NOT NULL,
	`state` text NOT NULL,
	`version` integer NOT NULL,
	`amount_minor` integer NOT NULL,
	`currency` text NOT NULL,
	`fingerprint` text NOT NULL,
	`finishes` integer NOT NULL,
	`notify_url` text,
	`channel` text NOT NULL,
	`account_id` text NOT NULL,
	`config_version` integer NOT NULL,
	`payee` text NOT NULL,
	`channel_payment_no` text NOT NULL,
	`dispatched_at_ms` integer,
	`sends` integer NOT NULL,
	`dispatch_lease_until_ms` integer,
	`channel_split_no` text,
	`error_code` text,
	`error_message` text,
	`created_at_ms` integer NOT NULL,
	`next_check_at_ms` integer,
	`last_check_at_ms` integer,
	`check_lease_until_ms` integer
);
--> statement-breakpoint
CREATE INDEX `splits_by_payment` ON `splits` (`payment_id`);--> statement-breakpoint
CREATE INDEX `splits_due` ON `splits` (`next_check_at_ms`) WHERE next_check_at_ms is not null;--> statement-breakpoint
CREATE INDEX `splits_by_merchant_time` ON `splits` (`merchant_no`,`created_at_ms`);--> statement-breakpoint
CREATE INDEX `splits_by_config` ON `splits` (`account_id`,`config_version`);--> statement-breakpoint
CREATE TABLE `transfers` (
	`transfer_id` text PRIMARY KEY NOT NULL,
	`merchant_no` text NOT NULL,
	`app_id` text NOT NULL,
	`merchant_transfer_no` text NOT NULL,
	`state` text NOT NULL,
	`version` integer NOT NULL,
	`amount_minor` integer NOT NULL,
	`currency` text NOT NULL,
	`currency_as_given` text NOT NULL,
	`entry` text NOT NULL,
	`account` text NOT NULL,
	`account_name` text,
	`bank_name` text,
	`description` text NOT NULL,
	`client_ip` text NOT NULL,
	`notify_url` text,
	`ext_param` text,
	`extra` text NOT NULL,
	`extra_as_given` text,
	`channel` text NOT NULL,
	`account_id` text NOT NULL,
	`config_version` integer NOT NULL,
	`payee` text NOT NULL,
	`dispatched_at_ms` integer NOT NULL,
	`sends` integer NOT NULL,
	`dispatch_lease_until_ms` integer,
	`channel_transfer_no` text,
	`client_data` text,
	`error_code` text,
	`error_message` text,
	`needs_operator` integer NOT NULL,
	`transferred_at_ms` integer,
	`created_at_ms` integer NOT NULL,
	`next_check_at_ms` integer,
	`last_check_at_ms` integer,
	`check_lease_until_ms` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `transfers_by_merchant_transfer_no` ON `transfers` (`merchant_no`,`merchant_transfer_no`);--> statement-breakpoint
CREATE INDEX `transfers_due` ON `transfers` (`next_check_at_ms`) WHERE next_check_at_ms is not null;--> statement-breakpoint
CREATE INDEX `transfers_by_merchant_time` ON `transfers` (`merchant_no`,`created_at_ms`);--> statement-breakpoint
CREATE INDEX `transfers_by_time` ON `transfers` (`created_at_ms`);--> statement-breakpoint
CREATE INDEX `transfers_by_config` ON `transfers` (`account_id`,`config_version`);--> statement-breakpoint
ALTER TABLE `channel_accounts` ADD `provider_account_id` text;--> statement-breakpoint
CREATE INDEX `channel_accounts_by_provider` ON `channel_accounts` (`provider_account_id`) WHERE provider_account_id is not null;--> statement-breakpoint
ALTER TABLE `payments` ADD `split_state` text DEFAULT 'none' NOT NULL;--> statement-breakpoint
ALTER TABLE `payments` ADD `split_reserved_minor` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `payments` ADD `next_split_at_ms` integer;--> statement-breakpoint
CREATE INDEX `payments_to_split` ON `payments` (`next_split_at_ms`) WHERE next_split_at_ms is not null;