-- What quotas ask for: the unfinished batches of a tenant, however many it has had.
CREATE INDEX batch_tenant_unfinished ON batch (tenant) WHERE finished_at IS NULL;
