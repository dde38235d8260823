// How ids of stored objects are divided. What a restore reads lies below FirstOnDemand, with ids given in turn; what belongs to files and
// names lies above, where the id says what the record is about, and is read when somebody asks for it:
//
//   bits 63, 62 = 0      everything a restore reads
//   bits 63, 62 = 0, 1   bits 61 … 2 the number of a file (st_ino), bits 1, 0 which of its records (FilePart)
//   bit  63 = 1          a name: bits 62 … 29 the number of its directory, bits 28 … 4 the place of the name's hash, bits 3 … 0
//                        which of the names with this hash
//
// So the records of a file are neighbours, a directory's names are neighbours in the order of their places, and a lookup is one descent.
// On-disk format.
namespace Aurora.Base;

/// <summary>The records of one file.</summary>
public enum FilePart : byte
{
    Inode = 0,
    Data = 1,
    Attributes = 2,
    TargetTail = 3,
}

/// <summary>Ids that say what they are about.</summary>
public static class FileIds
{
    /// <summary>The first id of what is read on demand.</summary>
    public const ulong FirstOnDemand = 1UL << 62;

    /// <summary>Numbers of directories are below this, and are never given twice.</summary>
    public const ulong DirectoryLimit = (1UL << 34) - 1;

    /// <summary>Numbers of other files are above those of directories, except those that had theirs before directories had such.</summary>
    public const ulong FirstFileNumber = 1UL << 34;

    /// <summary>Numbers of files are below this.</summary>
    public const ulong NumberLimit = 1UL << 60;

    /// <summary>Bits of the hash of a name, and of the turn of those with the same hash.</summary>
    public const int HashBits = 25;
    public const int TurnBits = 4;

    /// <summary>Hash and turn: where a name is in its directory.</summary>
    public const int PlaceBits = HashBits + TurnBits;

    private const ulong NameBit = 1UL << 63;
    private const int PartBits = 2;

    /// <summary>False for what every restore reads.</summary>
    public static bool IsOnDemand(ObjectId id) => id.Value >= FirstOnDemand;

    /// <summary>True for the id of a name in a directory.</summary>
    public static bool IsName(ObjectId id) => (id.Value & NameBit) != 0;

    /// <summary>True for the id of a record of a file.</summary>
    public static bool IsFile(ObjectId id) => IsOnDemand(id) && !IsName(id);

    public static ObjectId OfFile(ulong number, FilePart part) => new(FirstOnDemand | (number << PartBits) | (ulong)part);

    public static ulong NumberOf(ObjectId file) => (file.Value & (FirstOnDemand - 1)) >> PartBits;

    public static FilePart PartOf(ObjectId file) => (FilePart)(file.Value & ((1 << PartBits) - 1));

    public static ObjectId OfName(ulong directory, uint place) => new(NameBit | (directory << PlaceBits) | place);

    public static ulong DirectoryOf(ObjectId name) => (name.Value & (NameBit - 1)) >> PlaceBits;

    public static uint PlaceOf(ObjectId name) => (uint)name.Value & ((1U << PlaceBits) - 1);

    /// <summary>
    /// The inode that a record means: records from before files had such ids name it by its number alone, and it has kept that.
    /// </summary>
    public static ObjectId InodeOf(ObjectId id)
        => id.IsNone || IsName(id) ? default : OfFile(IsOnDemand(id) ? NumberOf(id) : id.Value & (NumberLimit - 1), FilePart.Inode);
}
