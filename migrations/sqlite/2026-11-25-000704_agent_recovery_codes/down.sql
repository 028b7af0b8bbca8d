DROP TABLE agent_recovery_codes;
