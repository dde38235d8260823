using Aurora.Posix.SystemCalls;

namespace Aurora.Images.Session;

/// <summary>What an error number means to the user of an image tool.</summary>
internal static class ErrnoText
{
    public static string Of(Errno error) => error switch
    {
        Errno.ENOENT => "no such file or directory",
        Errno.EEXIST => "exists already",
        Errno.ENOTDIR => "not a directory",
        Errno.EISDIR => "is a directory",
        Errno.ELOOP => "too many symbolic links",
        Errno.ENAMETOOLONG => "the name is too long",
        Errno.ENOSPC => "no space",
        Errno.ENOTEMPTY => "the directory is not empty",
        Errno.EIO => "its data cannot be read",
        _ => error.ToString(),
    };
}
