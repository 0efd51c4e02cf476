using MfpClip.Execution;

namespace MfpClip.Training.Tests;

/// <summary>Folders that cannot be written, are written by two, or hold what is not what was written.</summary>
public class OutputFaultTests
{
    [Fact]
    public void A_folder_that_cannot_be_made_is_a_typed_error_before_the_first_step()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["file"], string.Empty);
        using var detector = Small.Builder().Build();

        Assert.Throws<OutputException>(() => new Trainer(detector, Small.Data(), Small.Options(folder["file/inside"])).Run());
        Assert.Throws<OutputException>(() => new FeatureFolder(folder["file/inside"], 1));
    }

    [Fact]
    public void Two_trainings_in_one_folder_are_refused_and_the_folder_is_free_afterwards()
    {
        using var folder = new TestFolder();
        using var detector = Small.Builder().Build();
        var trainer = new Trainer(detector, Small.Data(), Small.Options(folder.Path) with { MaximumSteps = 1 });
        Directory.CreateDirectory(folder.Path);
        string killed = folder[$"mfpclip.{Guid.NewGuid():N}.tmp"], young = folder[$"mfpclip.{Guid.NewGuid():N}.tmp"];
        File.WriteAllText(killed, "half");
        File.WriteAllText(young, "half");
        File.SetLastWriteTimeUtc(killed, DateTime.UtcNow.AddHours(-1));
        using (new FileStream(folder[".mfpclip.lock"], FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Contains("another run", Assert.Throws<OutputException>(() => trainer.Run()).Message, StringComparison.Ordinal);
        }

        trainer.Run();

        Assert.False(File.Exists(folder[".mfpclip.lock"]));
        Assert.False(File.Exists(killed));
        Assert.True(File.Exists(young)); // may be another process's
    }

    [Fact]
    public void A_kept_feature_with_a_flipped_bit_is_computed_again()
    {
        using var folder = new TestFolder();
        using var scope = torch.NewDisposeScope();
        var x = torch.ones([1, 100]);
        var key = new FeatureKey { Network = "n", What = "w", Precision = ScalarType.Float32, Device = "cpu" };
        int computed = 0;
        float Get() => new FeatureFolder(folder.Path, 1 << 20).Get(key, FeatureInputs.Of(x), () =>
        {
            computed++;
            return [x * 2];
        })[0][0, 99].item<float>();
        Get();
        string file = Directory.GetFiles(folder.Path).Single();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1; // still a number
        File.WriteAllBytes(file, bytes);

        Assert.Equal(2f, Get());

        Assert.Equal(2, computed);
        Assert.Equal(2f, Get());
        Assert.Equal(2, computed); // mended
    }
}
