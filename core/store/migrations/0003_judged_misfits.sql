ALTER TABLE `payments` ADD `judged_misfits` text;--> statement-breakpoint
CREATE INDEX `inbound_calls_unverifiable` ON `inbound_calls` (`received_at_ms`) WHERE verdict = 'unverifiable';