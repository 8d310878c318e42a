"""What vulture calls unused and is not, with the reason. `test_dead_code.py` keeps the list short."""


class _Anything:
    """Has whatever it is asked for: vulture goes by names."""

    def __getattr__(self, name: str) -> str:
        return name


_ = _Anything()

frozenset(
    (
        # cast() names it in quotes: a verb's module is found by its name.
        _.Verb,
        # paho calls these, or reads them when it writes a packet (MQTT 5 properties).
        _._create_socket,
        _.on_connect,
        _.on_publish,
        _.on_message,
        _.on_subscribe,
        _.on_disconnect,
        _.userdata,
        _.SessionExpiryInterval,
        _.WillDelayInterval,
        _.MessageExpiryInterval,
        _.ContentType,
        _.PayloadFormatIndicator,
        _.UserProperty,
        # xml.etree calls it where a DOCTYPE begins.
        _.doctype,
        # http.client takes our own socket; zeep reads the status.
        _.sock,
        _.status_code,
        # logging writes what the record says in the end.
        _.msg,
        # FFmpeg's own settings, by their names in PyAV.
        _.thread_type,
        _.thread_count,
        _.pix_fmt,
        _.gop_size,
        _.bit_rate,
        # argparse looks at it to tell -0.1,0.5 from an option.
        _._negative_number_matcher,
        # argparse asks it about each verb.
        _._check_value,
        # Chosen by its value in a camera's file.
        _.FULL,
        # What cameras get wrong, for people; test_quirks.py holds the table to the code.
        _.QUIRKS,
        _.seen_on,
        _.handled_in,
        _.policy,
    )
)
