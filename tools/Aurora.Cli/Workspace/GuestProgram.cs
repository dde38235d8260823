// What a machine's first program is told: what the user said, else what the image says, else what is usual.
using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Images;
using Aurora.Images.Oci;
using Aurora.Images.Root;
using Aurora.Qemu;

namespace Aurora.Cli.Workspace;

/// <summary>Makes the boot configuration of a program, from the user's words and the image's.</summary>
internal sealed class GuestProgram(ProgramChoice choice, OciConfig? image)
{
    private const string ContainerPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Where it begins; null for the root directory.</summary>
    public string? WorkingDirectory
        => choice.WorkingDirectory ?? (string.IsNullOrEmpty(image?.WorkingDirectory) ? null : "/" + image.WorkingDirectory.TrimStart('/'));

    // As with container tools: who replaces the entrypoint replaces the command, which has meant it.
    private IReadOnlyList<string> Arguments
        => choice.Entrypoint is { } program ? [.. program.Length > 0 ? (string[])[program] : [], .. choice.Arguments]
            : image == null || choice.IgnoresEntrypoint ? choice.Arguments : image.ArgumentsFor(choice.Arguments);

    /// <summary>Puts the files that the user wants, and the directory, into a new image.</summary>
    public void Furnish(string disk)
    {
        bool isUsual = image == null && choice.IgnoresEntrypoint;
        if (!isUsual && WorkingDirectory is { } directory)
            DiskImage.Put(disk, [], directory);
        foreach ((string host, string guest) in choice.Volumes)
            DiskImages.ReportLeftOut(DiskImages.PutVolume(disk, host, guest));
    }

    /// <summary>Completes a boot configuration, whose environment has what the terminal gives.</summary>
    public BootConfiguration Complete(BootConfiguration boot, string disk)
    {
        IReadOnlyList<string> arguments = Arguments;
        if (arguments.Count == 0 && !boot.Hold)
            throw new UserException("the image names no program: give one after --");
        string user = choice.User ?? (choice.IgnoresEntrypoint ? null : image?.User) ?? "";
        GuestUser? found = user.Length == 0 ? null : UsersOf(disk).Find(user);
        if (found?.Groups.Count > BootUser.MaxGroups)
            throw new UserException($"{user} is in {found.Groups.Count} groups: a process here can be in {BootUser.MaxGroups}");
        return boot with
        {
            Arguments = arguments,
            Environment = GuestEnvironment.Merge([.. UsualFor(user, found), .. boot.Environment, .. choice.Environment]),
            WorkingDirectory = WorkingDirectory,
            User = found == null ? null : new BootUser(found.UserId, found.GroupId, found.Groups),
        };
    }

    private static GuestUsers UsersOf(string disk)
        => new(DiskImage.TryReadText(disk, "/etc/passwd") ?? "", DiskImage.TryReadText(disk, "/etc/group") ?? "");

    private IEnumerable<string> UsualFor(string user, GuestUser? found)
    {
        string[] home = found == null ? [] : [$"HOME={(string.IsNullOrEmpty(found.Home) ? "/" : found.Home)}"];
        if (image == null)
            return [.. GuestEnvironment.Default, .. home, .. found == null ? Array.Empty<string>() : [$"USER={user.Split(':')[0]}"]];
        return [ContainerPath, .. found == null ? ["HOME=/root"] : home, .. image.Environment];
    }
}
