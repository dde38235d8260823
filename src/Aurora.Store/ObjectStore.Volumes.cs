// Volumes as users see them: made, cloned, dropped, listed.
using System;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    /// <summary>
    /// Makes an empty volume, durably; the time of <paramref name="info"/> is when it was made. TooLong for a name of more than 64 bytes.
    /// Names are for people: the store does not compare them. Blocks.
    /// </summary>
    public StoreStatus CreateVolume(VolumeFlags flags, ReadOnlySpan<byte> name, in CommitInfo info, out VolumeId volume)
        => _volumes.Create(flags, name, info, out volume);

    /// <summary>
    /// Makes a volume, durably, with the objects that another has now (sequence 0), or had at one of its retained checkpoints. Copies
    /// nothing. It has a history of its own, which is empty. NotFound when there is no such volume or checkpoint. Blocks.
    /// </summary>
    public StoreStatus CloneVolume(
        VolumeId source, ulong sequence, VolumeFlags flags, ReadOnlySpan<byte> name, in CommitInfo info, out VolumeId volume)
        => _volumes.Clone(source, sequence, flags, name, info, waits: true, out volume);

    /// <summary>
    /// As above, and need not be durable yet: it is when something is that is committed later, in whatever volume,
    /// and that somebody waits for. Blocks.
    /// </summary>
    public StoreStatus SubmitClone(
        VolumeId source, ulong sequence, VolumeFlags flags, ReadOnlySpan<byte> name, in CommitInfo info, out VolumeId volume)
        => _volumes.Clone(source, sequence, flags, name, info, waits: false, out volume);

    /// <summary>
    /// A number that no volume has, and none gets before the store is opened again: for what is listed among volumes and is none. Blocks.
    /// </summary>
    public StoreStatus TakeVolumeNumber(out VolumeId number) => _volumes.TakeNumber(out number);

    /// <summary>
    /// What a volume holds now, which is what the state always holds. NotFound when there is no such volume. Blocks.
    /// </summary>
    public StoreStatus FindState(VolumeId volume, out StoredState state) => _directory.FindState(volume, out state);

    /// <summary>
    /// Ends a volume and its history, durably. Its clones stay. What only it refers to becomes free bit by bit, with the next cuts. The
    /// first volume cannot be dropped: BadArgument. Blocks.
    /// </summary>
    public StoreStatus DropVolume(VolumeId volume, in CommitInfo info) => _volumes.Drop(volume, info);

    /// <summary>Sets a volume's name and flags, durably. Blocks.</summary>
    public StoreStatus SetVolume(VolumeId volume, VolumeFlags flags, ReadOnlySpan<byte> name, in CommitInfo info)
        => _volumes.Set(volume, flags, name, info);

    /// <summary>
    /// Writes a retained checkpoint of a volume as a stream: all of it, or, with a base (another retained checkpoint of it, before), what
    /// differs from that. Costs what is sent. A recent checkpoint is kept first, so a store opened for reading only sends kept ones.
    /// NotFound when one of them is not retained; StreamEnded when the sink fails. Blocks.
    /// </summary>
    public StoreStatus SendVolume(VolumeId volume, ulong sequence, ulong baseSequence, VolumeSink sink)
        => _sender.Send(volume, sequence, baseSequence, sink);

    /// <summary>
    /// Makes a new volume of a stream; a name keeps the checkpoint that was sent, so that what differs from it later can be received as
    /// well. That of a region is still Partial when all of it is there: <see cref="SetVolume"/>. NotFound when the stream is based on a
    /// checkpoint that this store has not received, WrongKind when it is none of those that are taken. A stream that breaks off or is
    /// damaged leaves nothing; a power cut may leave a volume with the flag Partial. Blocks.
    /// </summary>
    public StoreStatus ReceiveVolume(
        VolumeSource source, ReadOnlySpan<byte> name, in CommitInfo info, in ReceivedKinds kinds, out VolumeId volume)
        => _receiver.Receive(source, name, info, in kinds, out volume);

    /// <summary>The number of the first volume that was made since the store was opened; those that were there have lower ones.</summary>
    public VolumeId FirstNewVolume => _context.FirstNewVolume;

    /// <summary>What a volume is; NotFound when there is none with this number. Blocks.</summary>
    public StoreStatus FindVolume(VolumeId volume, out VolumeInfo info) => _directory.Get(volume, out info);

    /// <summary>
    /// The next volume after another (default: the first one), in the order of their numbers; NotFound at the end. Blocks.
    /// </summary>
    public StoreStatus NextVolume(VolumeId after, out VolumeInfo info) => _directory.Next(after, out info);
}
