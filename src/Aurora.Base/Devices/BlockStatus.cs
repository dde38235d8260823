namespace Aurora.Base;

/// <summary>The outcome of a <see cref="BlockRequest"/>.</summary>
public enum BlockStatus : byte
{
    /// <summary>Not complete yet.</summary>
    Pending,
    Ok,

    /// <summary>The device reported that the medium could not be read or written (data may be lost).</summary>
    MediaError,

    /// <summary>The device rejected or failed the command; <see cref="BlockRequest.DeviceStatus"/> holds its code.</summary>
    DeviceError,

    /// <summary>The request reaches beyond the device or is malformed.</summary>
    OutOfRange,
    TimedOut,

    /// <summary>The device does not implement the operation.</summary>
    Unsupported,

    /// <summary>The device has failed for good and accepts nothing more.</summary>
    Gone,
}
