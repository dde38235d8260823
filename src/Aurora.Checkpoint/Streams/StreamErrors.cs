using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Why a stream could not be sent or received, as its program is told.</summary>
internal static class StreamErrors
{
    /// <summary>
    /// What the store said of a stream: ENODATA: it ended before its end. EBADMSG: it is damaged, or none. EPROTONOSUPPORT: another version
    /// of the format. EPROTOTYPE: it is of another kind of volume. ENOENT: what it is based on is not there.
    /// </summary>
    public static Errno Of(ObjectStore store, StoreStatus status) => status switch
    {
        StoreStatus.StreamEnded => Errno.ENODATA,
        StoreStatus.UnknownVersion => Errno.EPROTONOSUPPORT,
        StoreStatus.WrongKind => Errno.EPROTOTYPE,
        StoreStatus.BadChecksum or StoreStatus.Corrupt when store.LastFault.Place == FaultPlace.Stream => Errno.EBADMSG,
        _ => GroupVolumes.ErrnoOf(status),
    };
}
