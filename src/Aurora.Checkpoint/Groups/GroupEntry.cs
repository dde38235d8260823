using System;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Where a group is.</summary>
internal enum GroupPhase : byte
{
    None,

    /// <summary>On its way into memory, or out of it: nobody else may touch it.</summary>
    Moving,

    /// <summary>In memory; it may have ended, or be suspended.</summary>
    Present,

    /// <summary>
    /// It could not be brought back, and what there is of it in memory stays until the machine restarts. Its volume is whole.
    /// </summary>
    Broken,

    /// <summary>A volume that nobody runs: it was received, or made by a tool. Groups are made of it.</summary>
    Saved,
}

/// <summary>What is known of a group by whoever manages them (<see cref="GroupDirectory"/>).</summary>
internal unsafe struct GroupEntry
{
    /// <summary>The longest name, in bytes.</summary>
    public const int MaxNameBytes = 31;

    public GroupPhase Phase;

    /// <summary>It is never captured, and has a number but no volume of its own (<see cref="BaseVolumes"/>).</summary>
    public bool IsEphemeral;

    /// <summary>In memory: the index of its tables. It is another one each time the group comes into memory.</summary>
    public ushort Index;

    /// <summary>The number of its volume; zero until it has one.</summary>
    public ulong Volume;

    /// <summary>The volume that its records and pages are read from.</summary>
    public ulong Stored;
    public int NameLength;
    public fixed byte Name[MaxNameBytes];

    public readonly VolumeId VolumeId => new(Volume);

    public readonly VolumeId StoredId => new(Stored);

    /// <summary>The number by which users know it: the host is 0.</summary>
    public readonly ulong Number => Volume - VolumeId.First.Value;

    public readonly bool IsHost => Volume == VolumeId.First.Value;

    public readonly bool IsNamed(ReadOnlySpan<byte> name)
    {
        fixed (byte* own = Name)
            return name.SequenceEqual(new ReadOnlySpan<byte>(own, NameLength));
    }
}
