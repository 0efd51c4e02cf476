namespace MfpClip.Training.Tests.Compatibility;

/// <summary>A training that version 0.1 stopped goes on as it would have gone on then.</summary>
/// <remarks>The checkpoint is never written again: a new format gets a new one beside it.</remarks>
public class FilesOfVersion01Tests
{
    private const float Tolerance = 1e-4f;

    [SkippableFact]
    public void A_training_checkpoint_of_version_0_1_still_resumes()
    {
        var expected = StoppedTraining.Expected;
        Skip.IfNot(StoppedTraining.RandomNumbers() == expected.RandomNumbers, StoppedTraining.OtherRandomNumbers);
        using var folder = new TestFolder();
        File.Copy(StoppedTraining.Fixture("checkpoint.safetensors"), folder["checkpoint.safetensors"]);
        using var detector = StoppedTraining.Detector();

        var result = StoppedTraining.Run(detector, folder.Path, null);

        Assert.True(result.IsComplete);
        Assert.Equal(expected.Steps, result.Steps);
        Assert.All(expected.Losses.Zip(result.Epochs, (loss, epoch) => (loss, epoch.Loss)), p => Assert.Equal(p.loss, p.Loss, Tolerance));
        var (score, map) = StoppedTraining.Values(detector);
        Assert.Equal(expected.Score, score, Tolerance);
        Assert.All(expected.Map.Zip(map), p => Assert.Equal(p.First, p.Second, Tolerance));
    }
}
