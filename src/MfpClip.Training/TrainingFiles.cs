namespace MfpClip.Training;

/// <summary>Where a training keeps what it makes.</summary>
internal sealed record TrainingFiles(string Folder)
{
    /// <summary>Trained modules, after every epoch.</summary>
    public string Modules => Path.Combine(Folder, "modules.safetensors");

    /// <summary>The training at rest.</summary>
    public string Checkpoint => Path.Combine(Folder, "checkpoint.safetensors");

    /// <summary>What was trained how, for people and programs.</summary>
    public string Manifest => Path.Combine(Folder, "training.json");

    /// <summary>Loss curves.</summary>
    public string Curves => Path.Combine(Folder, "curves.png");
}
