using System.IO;
using System.Text;

namespace Aurora.Images.Root;

/// <summary>Entries made on the spot.</summary>
internal static class RootText
{
    private const int Readable = 0x1A4; // rw-r--r--

    public static RootEntry Folder(string path, int mode = 0x1ED) => new() { Path = path, Kind = RootEntryKind.Directory, Mode = mode };

    public static RootEntry Link(string path, string target)
        => new() { Path = path, Kind = RootEntryKind.SymbolicLink, Mode = 0x1FF, Target = target };

    public static RootEntry File(string path, string text, int mode = Readable) => File(path, Encoding.UTF8.GetBytes(text), mode);

    public static RootEntry File(string path, byte[] contents, int mode)
        => new() { Path = path, Kind = RootEntryKind.File, Mode = mode, Open = () => new MemoryStream(contents) };
}
