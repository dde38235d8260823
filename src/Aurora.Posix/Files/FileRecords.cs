using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>How reading a record ended.</summary>
public enum RecordRead : byte
{
    Ok,

    /// <summary>There is no further record.</summary>
    End,

    /// <summary>The store could not deliver it.</summary>
    Failed,
}

/// <summary>A record as it is stored, without its payload.</summary>
public struct StoredRecord
{
    public ObjectId Id;

    /// <summary>None when what is stored is no record.</summary>
    public ObjectKind Kind;
    public byte Version;

    /// <summary>Whom the object is charged to.</summary>
    public uint User;

    /// <summary>Where the payload begins in the buffer, and how long it is.</summary>
    public int Start, Length;
}

/// <summary>The records of the present state of groups: what files read of the store.</summary>
public abstract class FileRecords
{
    /// <summary>The most bytes a record takes.</summary>
    public const int LargestRecord = 3072;

    /// <summary>
    /// Reads the records of a group behind an id, up to a last one, in the order of ids, as many as there is room for. Ok when there may be
    /// more; after a failure those before it have been read all the same. May wait.
    /// </summary>
    public abstract RecordRead ReadRange(
        ObjectTracker group, ObjectId after, ObjectId last, Span<byte> room, Span<StoredRecord> records, out int count);

    /// <summary>Reads the record with an id; End when there is none. May wait.</summary>
    public abstract RecordRead Read(ObjectTracker group, ObjectId id, Span<byte> room, out StoredRecord record);

    /// <summary>Somebody waits for records: whoever reads them has work (<see cref="NameRequests"/>).</summary>
    public abstract void Asked();

    /// <summary>Somebody waits for room for names (<see cref="NameRoom"/>).</summary>
    public virtual void AskedForRoom()
    {
    }

    /// <summary>What is durable of a group can be read again: it need not be kept.</summary>
    public virtual bool MayForget(ObjectTracker group) => true;
}
