"""What vulture calls unused and is not, with the reason. `test_dead_code.py` keeps the list short."""


class _Anything:
    """Has whatever it is asked for: vulture goes by names."""

    def __getattr__(self, name: str) -> str:
        return name


_ = _Anything()

frozenset(
    (
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
        # The center's page: templates show them, Flask calls functions by their address.
        _.jinja_options,
        _.handled_by,
        _.handled_wall,
        _.picture_deleted_wall,
        _.became,
        _.closed_by,
        _.closed_why,
        _.is_vertical,
        _.software,
        _.label_x,
        _.label_y,
        _.scale_width,
        _.scale_text,
        _.detail,
        _.log_out,
        _.icon,
        _.permanent,
        # requests and urllib3 read them.
        _.trust_env,
        _.ConnectionCls,
        _.pool_classes_by_scheme,
        # io.BufferedReader reads by them.
        _.readable,
        _.readinto,
        # xml.etree calls it where a DOCTYPE begins.
        _.doctype,
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
        # Chosen by its value in a camera's file, or in the site's.
        _.FULL,
        _.SNAPSHOT,
        _.CONFIG_GET,
        _.CONFIG_PROPOSE,
        _.MODEL_INSTALL,
        _.PURGE,
        # What cameras get wrong, for people; test_quirks.py holds the table to the code.
        _.QUIRKS,
        _.seen_on,
        _.handled_in,
        _.policy,
    )
)
