using MfpClip.Files;

namespace MfpClip.Tests.Files;

public sealed class FolderLockTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("mfpclip-lock-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void One_run_at_a_time_has_a_folder()
    {
        using (FolderLock.Take(_root))
        {
            Assert.Contains("another run", Assert.Throws<OutputException>(() => FolderLock.Take(_root)).Message, StringComparison.Ordinal);
        }

        FolderLock.Take(_root).Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    [Fact]
    public void A_folder_made_for_a_run_that_wrote_nothing_goes_with_it()
    {
        string made = Path.Combine(_root, "runs", "1") + Path.DirectorySeparatorChar;
        using (FolderLock.Take(made))
        {
            Assert.True(Directory.Exists(made));
        }

        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    [Fact]
    public void A_folder_with_results_and_one_that_was_there_stay()
    {
        string made = Path.Combine(_root, "made"), there = Directory.CreateDirectory(Path.Combine(_root, "there")).FullName;
        using (FolderLock.Take(made))
        {
            File.WriteAllText(Path.Combine(made, "results.json"), "{}");
        }

        FolderLock.Take(there).Dispose();

        Assert.True(File.Exists(Path.Combine(made, "results.json")));
        Assert.True(Directory.Exists(there));
    }

    [Fact]
    public void What_a_killed_run_left_is_swept_what_is_being_written_is_not()
    {
        string old = Path.Combine(_root, $"mfpclip.{new string('a', 32)}.tmp"), current = Path.Combine(_root, $"mfpclip.{new string('b', 32)}.tmp");
        File.WriteAllText(old, "half");
        File.WriteAllText(current, "half");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddMinutes(-5));

        FolderLock.Take(_root).Dispose();

        Assert.Equal([current], Directory.GetFiles(_root));
    }
}
