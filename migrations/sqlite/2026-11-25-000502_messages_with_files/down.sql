SELECT 1; -- only comments change, which there are none of here
