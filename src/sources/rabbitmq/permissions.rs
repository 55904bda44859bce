//! What a RabbitMQ user has to be allowed: a tag to see queues and nodes, and permissions in each virtual host.

/// For reading: the tag shows nodes and the queues of every virtual host; the empty permissions let the user into one.
pub const READING: &[&str] = &[
    "rabbitmqctl add_user quarterdeck 'PASSWORD'",
    "rabbitmqctl set_user_tags quarterdeck monitoring",
    "rabbitmqctl set_permissions -p / quarterdeck '' '' ''   # and so for each virtual host",
];

/// For changing: to purge a queue is to read it, to retry dead letters is to write them back; nothing may be declared.
pub const CHANGING: &[&str] =
    &["rabbitmqctl set_permissions -p / quarterdeck '' '.*' '.*'   # and so for each virtual host"];
