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
        => _volumes.Clone(source, sequence, flags, name, info, out volume);

    /// <summary>
    /// Ends a volume and its history, durably. Its clones stay. What only it refers to becomes free bit by bit, with the next cuts. The
    /// first volume cannot be dropped: BadArgument. Blocks.
    /// </summary>
    public StoreStatus DropVolume(VolumeId volume, in CommitInfo info) => _volumes.Drop(volume, info);

    /// <summary>Sets a volume's name and flags, durably. Blocks.</summary>
    public StoreStatus SetVolume(VolumeId volume, VolumeFlags flags, ReadOnlySpan<byte> name, in CommitInfo info)
        => _volumes.Set(volume, flags, name, info);

    /// <summary>What a volume is; NotFound when there is none with this number. Blocks.</summary>
    public StoreStatus FindVolume(VolumeId volume, out VolumeInfo info) => _directory.Get(volume, out info);

    /// <summary>The next volume after another (default: the first one), in the order of their numbers; NotFound at the end. Blocks.</summary>
    public StoreStatus NextVolume(VolumeId after, out VolumeInfo info) => _directory.Next(after, out info);
}
