CREATE TABLE `counters` (
	`name` text NOT NULL,
	`labels` text NOT NULL,
	`value` real NOT NULL,
	PRIMARY KEY(`name`, `labels`)
);
--> statement-breakpoint
CREATE TABLE `endpoints` (
	`app_id` text NOT NULL,
	`origin` text NOT NULL,
	`failures` integer NOT NULL,
	`first_failed_at_ms` integer,
	`last_failed_at_ms` integer,
	`open_until_ms` integer,
	`gone_at_ms` integer,
	PRIMARY KEY(`app_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `endpoints_open` ON `endpoints` (`open_until_ms`) WHERE open_until_ms is not null;--> statement-breakpoint
CREATE INDEX `endpoints_gone` ON `endpoints` (`gone_at_ms`) WHERE gone_at_ms is not null;--> statement-breakpoint
CREATE TABLE `seen_requests` (
	`key` text PRIMARY KEY NOT NULL,
	`expires_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `seen_requests_by_expiry` ON `seen_requests` (`expires_at_ms`);--> statement-breakpoint
ALTER TABLE `apps` ADD `previous_secret_sealed` text;--> statement-breakpoint
ALTER TABLE `apps` ADD `previous_secret_until_ms` integer;--> statement-breakpoint
ALTER TABLE `apps` ADD `replay_window_ms` integer;--> statement-breakpoint
CREATE INDEX `outbox_exhausted` ON `outbox` (`created_at_ms`) WHERE state = 'exhausted';--> statement-breakpoint
CREATE INDEX `payments_held` ON `payments` (`created_at_ms`) WHERE late_decision = 'held';--> statement-breakpoint
CREATE INDEX `refunds_needing_operator` ON `refunds` (`created_at_ms`) WHERE needs_operator = 1;--> statement-breakpoint
CREATE INDEX `transfers_needing_operator` ON `transfers` (`created_at_ms`) WHERE needs_operator = 1;